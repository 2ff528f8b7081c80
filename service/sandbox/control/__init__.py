"""What Twilio does not have: control routes for tests, and an inbox for people."""
