"""What people say of captions: what they are asked, where answers are kept, what follows from them."""
