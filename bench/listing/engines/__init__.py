"""One module an engine, one function a task: each takes the folder with the material and answers with how many rows it had."""
