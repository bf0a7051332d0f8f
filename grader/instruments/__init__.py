"""What memory and thread checkers say, read and explained: AddressSanitizer and its kin, valgrind. Pure."""
