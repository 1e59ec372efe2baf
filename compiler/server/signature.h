/* signature: how layers and functions are called. */
#ifndef NNC_SERVER_SIGNATURE_H
#define NNC_SERVER_SIGNATURE_H

#include "lower/catalogue.h"

/* torch's own: "torch.nn.Linear(in_features, out_features, bias=True)"; NULL of what torch has not.
 */
const char *signature_of_torch(const char *name);
/* As nnc takes it: "LSTM(input_size, hidden_size, [num_layers, bias, …])". */
const char *signature_of_nnc(arena *a, const catalogue_entry *e);

#endif
