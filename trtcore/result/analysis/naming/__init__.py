"""What a layer is called, and which kind of work it does, by the nodes of the model."""
