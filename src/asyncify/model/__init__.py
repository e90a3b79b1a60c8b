"""The values that travel between the stages. Nothing here imports another part of asyncify.

`discovery -> analysis -> planning -> rewrite -> verify -> report`: each arrow is one of these
frozen, picklable values.
"""
