"""Facts about an asset, one file a topic."""
