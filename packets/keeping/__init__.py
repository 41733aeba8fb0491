"""What keeps records for decades: locks and their ends, fixity of bytes, copies of the whole."""
