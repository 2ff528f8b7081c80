"""The API for programs: one file per noun, and the OpenAPI document of them all."""
