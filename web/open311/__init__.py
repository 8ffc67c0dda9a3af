"""Our Open311 server (GeoReport v2)."""
