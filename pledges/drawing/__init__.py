"""What the server draws: palette, lettering → outlines → scene → svg, share image; growth chart; QR codes."""
