"""Shared web ground: request session, access, security headers, errors, forms and paging."""
