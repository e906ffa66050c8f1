"""A campaign that never was, with invented people, replaying a curve that was: curve → people, cast → replay."""
