/* torch: what torch.save puts into pickles: storages by persistent ids, and the functions that make
 * tensors of them.
 *
 * The same for all containers (zip, the pickles in a row, tar): each says how a persistent id
 * becomes a storage, runs the pickle machine with the list of what may be called (pickle_call.c),
 * and gives the value to torch_find_dicts.
 */
#ifndef NNC_WEIGHTS_TORCH_H
#define NNC_WEIGHTS_TORCH_H

#include "weights/pickle.h"

/* A storage as the pickle sees it: numbers of one type, or bytes. */
typedef struct torch_storage {
    tensor_storage *bytes;
    const element_type *type;
    uint64_t begin, size; /* bytes of it: a part of a larger one in old files */
} torch_storage;

/* The list of what pickles may call, and what comes of it. */
const char *torch_call(pickle_machine *m, const char *name, const pickle_list *args,
                       pickle_value *result);

/* "torch.FloatStorage", "torch.cuda.FloatStorage", "torch.FloatTensor",
 * "torch.storage.UntypedStorage"; NULL: it is none. */
const element_type *torch_storage_type(const char *name);
/* A key of storages and tensors, a text or a number; NULL for other values. */
const char *torch_key(arena *a, pickle_value v);
/* The type, size and key in the persistent id ("storage", class, key, location, numel, …); NULL, or
 * what is wrong with it. */
const char *torch_storage_of_id(arena *a, pickle_value id, torch_storage *s, const char **key);
/* So many elements of a storage from an offset on; false: it does not have them. */
bool torch_storage_part(const torch_storage *whole, pickle_value offset, pickle_value count,
                        torch_storage *part);

/* A tensor of a storage; sizes, strides and offset in elements. What is wrong with it is its
 * problem, not the pickle's: it can be told with the tensor's name. */
tensor *torch_tensor(arena *a, const torch_storage *s, const element_type *type, int64_t offset,
                     const int64_t *sizes, const int64_t *strides, unsigned rank);

/* The rows of the list that make tensors and arrays: the result, or what is wrong with the call. */
typedef const char *torch_callable(arena *a, const pickle_list *args, pickle_value *result);
torch_callable rebuild_tensor, rebuild_tensor_v3, rebuild_parameter, rebuild_from_type,
    rebuild_quantized, rebuild_sparse, rebuild_nested, rebuild_meta, rebuild_subclass,
    rebuild_device_tensor, numpy_reconstruct, numpy_frombuffer;
/* The array that an object of numpy.ndarray is, NULL when the value is none or is not whole. */
tensor *numpy_tensor(arena *a, pickle_value v);

/* For files whose pickles are refused. */
extern const char torch_plain_hint[];

/* Fills in the file's dicts: every dict of tensors in the value, whole modules as their state_dict.
 */
const char *torch_find_dicts(arena *a, tensor_file *f, pickle_value value, const char **hint);

#endif
