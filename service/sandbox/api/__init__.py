"""Twilio's Messages API, the part that the service uses."""
