"""What `formscout doctor` looks at in a running installation."""
