"""What the hub costs beside the least it could cost: `make bench`."""

import hub.models  # noqa: F401 - every table must be known before the first mapper is used
