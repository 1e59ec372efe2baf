/* The file of weights in read-only memory, on a multiple of 64. */
    .section .rodata.weights, "a"
    .balign 64
    .global weights_begin, weights_end
weights_begin:
    .incbin "tagger.weights"
weights_end:
