"""Sign-in of staff, second factors, and the limits of their sessions."""
