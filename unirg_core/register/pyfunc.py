"""The registered model: pictures and context in, reports out, with the same code that was evaluated."""

import io
from typing import Any

from mlflow.pyfunc import PythonModel


class ReportWriter(PythonModel):
    """Write a report for each row of a table.

    Columns: `image` (bytes of a PNG, JPEG or DICOM file), and where known `indication`, `comparison`, `sex`, `age`; for
    a model that was trained with priors also `prior_image` and `prior_report`, either or both.
    Returns a list of texts of the form `Findings: ... Impression: ...`.
    """

    def load_context(self, context: Any) -> None:
        """Load the checkpoint; MLflow calls this by the argument's name."""
        from unirg_core import models
        from unirg_core.params import Model

        self._params = Model.model_validate(context.model_config["model"])
        self._image_size = context.model_config["image_size"]
        self._model, self._processor = models.load(self._params, context.artifacts["checkpoint"])

    def predict(self, context, model_input, params=None):
        """Return one report a row of `model_input`, a pandas table.

        Without type hints: MLflow would read them as a schema of its own.
        """
        from unirg_core import models
        from unirg_core.scores.answer import narratives

        rows = model_input.to_dict("records")
        images = [self._pictures(row) for row in rows]
        asked = [self._prompt(row) for row in rows]
        texts = models.generate(self._model, self._processor, images, asked, self._params, batch_size=16)
        return narratives(texts, self._params.output)

    def _pictures(self, row: dict[str, Any]) -> list[Any]:
        names = ["prior_image", "image"] if self._params.prior == "image_and_report" else ["image"]
        given = [row.get(name) for name in names]
        return [_picture(content, self._image_size) for content in given if isinstance(content, bytes)]

    def _prompt(self, row: dict[str, Any]) -> str:
        from unirg_core.models import prompts

        report = "" if self._params.prior == "none" else row.get("prior_report")
        return prompts.prompt(row, self._params.prompt, "both", prior=report, output=self._params.output)


def _picture(content: bytes, size: int) -> Any:
    """Return the picture as ingest would store it, RGB."""
    from PIL import Image

    from unirg_core.ingest.dicom import decode_dicom, is_dicom
    from unirg_core.ingest.picture import decode_picture, store

    decoded = decode_dicom(content) if is_dicom(content) else decode_picture(content)
    return Image.open(io.BytesIO(store(decoded.grey, size).png)).convert("RGB")
