/* familiar: words of PyTorch, Keras and Python that the language has not, and what is written instead. */
#ifndef NNC_LOWER_FAMILIAR_H
#define NNC_LOWER_FAMILIAR_H

/* Each takes a name as the user wrote it ("nn.ReLU", "x.detach"), of which the last part counts, and gives a hint, or
 * NULL when it knows nothing of it. */
const char *familiar_layer(const char *name);
const char *familiar_function(const char *name); /* methods and attributes too */
const char *familiar_argument(const char *name);

#endif
