"""Twilio's Messages API, as far as the service uses it."""
