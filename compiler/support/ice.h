/* ice: a defect of nnc itself, an internal compiler error. */
#ifndef NNC_SUPPORT_ICE_H
#define NNC_SUPPORT_ICE_H

/* Prints "nnc: internal error: …" with the place in nnc's own code, and exits with status 3. */
#define ice(...) ice_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void ice_at(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
