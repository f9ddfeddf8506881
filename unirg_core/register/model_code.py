"""The file that MLflow stores as the model's code: it names the class that the installed package defines."""

from mlflow.models import set_model

from unirg_core.register.pyfunc import ReportWriter

set_model(ReportWriter())
