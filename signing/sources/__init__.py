"""Where signatures come from: keys of one use, keys in a hardware module, keys of a remote service, signatures made elsewhere."""
