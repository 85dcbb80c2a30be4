"""Who the nodes are: the centre's certificate authority, enrolment, renewal and revocation."""
