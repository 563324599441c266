"""What is run beside Quipu and never installed with it: benchmarks, fuzzing, the making of models, a demo."""
