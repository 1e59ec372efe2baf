/* readers: one for each format of weights files.
 *
 * Each gets a file that is mapped and not empty, fills in format and dicts (and archive), and
 * returns NULL; or returns what is wrong with the file, in arena text to be read after "PATH: ",
 * and maybe a hint.
 */
#ifndef NNC_WEIGHTS_READERS_H
#define NNC_WEIGHTS_READERS_H

#include "weights/archive.h"
#include "weights/tensor.h"

const char *safetensors_read(arena *a, tensor_file *f);
/* A zip archive: what torch.save writes since 1.6, what torch.jit.save writes, or NumPy's .npz. */
const char *zip_read(arena *a, tensor_file *f, const char **hint);
const char *torch_zip_read(arena *a, tensor_file *f, const char *folder, const char **hint);
const char *npz_read(arena *a, tensor_file *f);
/* One array, without a name. */
const char *npy_read(arena *a, tensor_file *f);
/* What torch.save wrote from 0.1.11 to 1.5: pickles in a row, then the storages. */
const char *torch_legacy_read(arena *a, tensor_file *f, const char **hint);
/* What torch.save wrote before: a tar archive. */
const char *torch_tar_read(arena *a, tensor_file *f, const char **hint);
bool is_tar(const unsigned char *bytes, size_t size);

#endif
