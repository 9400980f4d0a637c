"""/sub/<token>: what a VPN app or a browser downloads."""
