"""What names consist of: `roots` reads them, `composition` writes names of known roots."""
