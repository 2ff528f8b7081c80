"""What a provider answers: outcomes, states, retries, the breaker."""
