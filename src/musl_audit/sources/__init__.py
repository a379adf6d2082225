"""Where wheels come from: adapters that turn a path into an archive of members."""
