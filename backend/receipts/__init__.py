"""What the tax service is told of a sale; never in its way."""
