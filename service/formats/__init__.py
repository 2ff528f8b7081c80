"""Files that people write, as pydantic models: parsed, checked, described by schemas.

One module for each kind of file. The same models check the bodies of requests and the
documents in the database, and make the JSON Schemas that editors use.
"""
