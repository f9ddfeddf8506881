"""The registered model: pictures and context in, reports out, with the same code that was evaluated."""

from typing import Any

from mlflow.pyfunc import PythonModel


class ReportWriter(PythonModel):
    """Write a report for each row of a table.

    Columns: `image` (bytes of a PNG, JPEG or DICOM file), and where known `indication`, `comparison`, `sex`, `age`.
    Returns a list of texts of the form `Findings: ... Impression: ...`.
    """

    def load_context(self, context: Any) -> None:
        """Load the checkpoint; MLflow calls this by the argument's name."""
        from unirg_core import models
        from unirg_core.params import Model

        self._params = Model.model_validate(context.model_config["model"])
        self._image_size = context.model_config["image_size"]
        self._model, self._processor = models.load(self._params, context.artifacts["checkpoint"])

    def predict(self, context: Any, model_input: Any, params: dict[str, Any] | None = None) -> list[str]:
        """Return one report a row of `model_input`, a pandas table."""
        from unirg_core import models
        from unirg_core.models import prompts

        rows = model_input.to_dict("records")
        images = [_picture(row["image"], self._image_size) for row in rows]
        asked = [prompts.prompt(_study(row), self._params.prompt) for row in rows]
        return models.generate(self._model, self._processor, images, asked, self._params, batch_size=16)


def _study(row: dict[str, Any]) -> dict[str, Any]:
    """Fill in what the caller left out, as for a study that asks for both sections."""
    empty = {"indication": "", "comparison": "", "sex": "", "age": None, "findings": "?", "impression": "?"}
    return {**empty, **{name: value for name, value in row.items() if value is not None and value == value}}


def _picture(data: bytes, size: int) -> Any:
    """Return the picture as ingest would store it."""
    from unirg_core.ingest import picture_of

    return picture_of(data, size)
