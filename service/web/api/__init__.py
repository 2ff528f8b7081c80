"""The JSON API: a folder with models and routes per noun, and the OpenAPI document."""
