"""What the project is judged, and its pages are made, with."""
