"""Escalation and dispute resolution: raising, every side’s page, what is agreed and how it is carried out."""
