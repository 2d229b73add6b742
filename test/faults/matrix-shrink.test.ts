// One half of the fault matrix (matrix.ts), in a process of its own: both halves run at the same time.
import { describeMatrix } from "./matrix.ts";

describeMatrix("shrink");
