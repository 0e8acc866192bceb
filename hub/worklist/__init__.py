"""The worklist: every open item a person may see, soonest due first."""
