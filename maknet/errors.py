"""The exceptions of the project, and the one that a user is meant to read.

* InputError: something outside the code is wrong; a job prints one sentence and exits with 1
  x InterruptedTrainingError (training.interrupt): a signal or the deadline stopped a training
  x NotFiniteError (training.loop): the loss is NaN or infinite
  x ImageUnreadableError (data.deeplesion.png): an image of a lesion is missing or damaged
  x SeriesError (data.ct.reasons): a series is not a usable axial CT volume, with the reason
  x UnreportableError (labeling.structured_report): a series cannot have a DICOM report
* FetchError (fetch.verify): a series could not be fetched, or is not what the archive lists
* NotDicomError (dicom.header): a file is not DICOM
* NotAnImageError (dicom.header): a DICOM object has no pixels, such as RTSTRUCT or SR
* BrokenHeaderError (dicom.header): a file begins as DICOM but is not an intact image
* PixelError (dicom.header): the pixel data cannot be read
* _TransferError (fetch.download): one attempt at a download failed

The last six are caught within the library: they lead to another attempt, to a reason in a table, or
to an `InputError`. A wrong call raises Python's own `ValueError`, `TypeError` or `IndexError`,
which keep their traceback.
"""


class InputError(Exception):
    """Something outside the code is wrong, and the message is one sentence a user can act on.

    The sentence names the file or key, what is wrong with it and what to do. Jobs print it
    without a traceback and exit with 1 (`maknet.jobs.job`).
    """
