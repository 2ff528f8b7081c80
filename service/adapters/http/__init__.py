"""HTTP requests to providers: proxy, limited answers, bodies with a deadline."""
