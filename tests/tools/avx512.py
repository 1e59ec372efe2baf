"""AVX-512 on processors that have AVX2 alone: a runtime with avx512_by_avx2.h in it, for gcc. What is compiled with it
and FLAGS runs the bodies for 16 lanes, those with VNNI too, with the bits that they have there."""
import os
import re

FLAGS = ["-DNNC_FORCE_ISA=2", "-Wno-psabi"]    # vectors of 64 bytes are passed as no other compiler does, and inlined
HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "avx512_by_avx2.h")


def emulate(folder):
    """Rewrites the nnc_runtime.h in it."""
    path, include = os.path.join(folder, "nnc_runtime.h"), "#include <immintrin.h>\n"
    with open(path, encoding="utf-8") as f:
        text = f.read()
    made = re.sub(r",avx512\w+", "", text)
    if made == text or include not in made:
        raise RuntimeError("the runtime does not ask for AVX-512 as it did")
    made = made.replace('"+v"', '"+m"')    # in no register: there is none of that size
    with open(HEADER, encoding="utf-8") as header, open(path, "w", encoding="utf-8") as f:
        f.write(made.replace(include, include + header.read()))
