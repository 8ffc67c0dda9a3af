"""Files of YAML become a typed configuration, or sentences about what is wrong in them."""
