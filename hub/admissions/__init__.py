"""Admission decisions: Form 2, the recommendation, who decides under which authority, and the emergency route."""
