"""HTTP requests to providers: proxy, bounded answers, bodies with a deadline."""
