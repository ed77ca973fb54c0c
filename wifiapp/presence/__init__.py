"""Portals that tell by themselves who is online: `/api/v1/presence`, with a key of a hotspot."""
