"""What goes over the wire: parameters, bodies and answers, from which the OpenAPI document is made."""
