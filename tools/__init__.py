"""Programs that make the files of data/ anew. Neither model/ nor bot/ imports them."""
