"""What the public may see, and how it is read: windows → figures → ledger → snapshot → reading."""
