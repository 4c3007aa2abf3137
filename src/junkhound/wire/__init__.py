"""Pure codecs: bytes in, records out, and back; no file, socket or clock."""
