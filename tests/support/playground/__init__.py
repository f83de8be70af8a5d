"""Small applications, one a mechanism, each with the truth about its forms: what discovery is measured on."""
