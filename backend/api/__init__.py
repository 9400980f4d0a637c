"""/api/v1: the shop as JSON, for the Mini App, web pages and programs. It calls the same services as the bot."""
