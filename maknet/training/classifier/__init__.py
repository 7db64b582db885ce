"""MAKNet, VGG16 and ResNet18: batches, noise, loss, recipe."""
