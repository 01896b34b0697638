"""BibTeX entries of this software and of the work it builds on."""

from __future__ import annotations

__all__ = [
    "BLIMP",
    "CITATIONS",
    "CMA_ES",
    "DEAP",
    "FIXED_SHARE",
    "HLOP",
    "HOMEOSTASIS",
    "MUJOCO",
    "NEED",
    "NSGA_II",
    "PLACE",
    "RAPTOR",
    "SEQSLAM",
    "SOFTWARE",
    "SWIMMER",
    "bibtex",
]

SOFTWARE = """@software{snn_control,
  title  = {snn\\_control: spiking neural network controllers for robots},
  author = {{snn\\_control maintainers}},
  year   = {2026},
  note   = {Version VERSION, Apache-2.0}
}"""

BLIMP = """@misc{burgers2023evolving,
  title         = {Evolving Spiking Neural Networks to Mimic {PID} Control for Autonomous Blimps},
  author        = {Burgers, Tim and Stroobants, Stein and de Croon, Guido C. H. E.},
  year          = {2023},
  eprint        = {2309.12937},
  archivePrefix = {arXiv}
}"""

SWIMMER = """@inproceedings{bhattasali2022neural,
  title         = {Neural Circuit Architectural Priors for Embodied Control},
  author        = {Bhattasali, Nikhil X. and Zador, Anthony M. and Engel, Tatiana A.},
  booktitle     = {Advances in Neural Information Processing Systems},
  year          = {2022},
  eprint        = {2201.05242},
  archivePrefix = {arXiv}
}"""

PLACE = """@inproceedings{hussaini2023ensembles,
  title         = {Ensembles of Compact, Region-specific \\& Regularized Spiking Neural Networks for
                   Scalable Place Recognition},
  author        = {Hussaini, Somayeh and Milford, Michael and Fischer, Tobias},
  booktitle     = {IEEE International Conference on Robotics and Automation},
  year          = {2023},
  eprint        = {2209.08723},
  archivePrefix = {arXiv}
}"""

SEQSLAM = """@inproceedings{milford2012seqslam,
  title     = {{SeqSLAM}: Visual Route-Based Navigation for Sunny Summer Days and Stormy Winter
               Nights},
  author    = {Milford, Michael J. and Wyeth, Gordon F.},
  booktitle = {IEEE International Conference on Robotics and Automation},
  pages     = {1643--1649},
  year      = {2012},
  doi       = {10.1109/ICRA.2012.6224623}
}"""

CMA_ES = """@article{hansen2001completely,
  title   = {Completely Derandomized Self-Adaptation in Evolution Strategies},
  author  = {Hansen, Nikolaus and Ostermeier, Andreas},
  journal = {Evolutionary Computation},
  volume  = {9},
  number  = {2},
  pages   = {159--195},
  year    = {2001},
  doi     = {10.1162/106365601750190398}
}"""

NSGA_II = """@article{deb2002fast,
  title   = {A fast and elitist multiobjective genetic algorithm: {NSGA-II}},
  author  = {Deb, Kalyanmoy and Pratap, Amrit and Agarwal, Sameer and Meyarivan, T.},
  journal = {IEEE Transactions on Evolutionary Computation},
  volume  = {6},
  number  = {2},
  pages   = {182--197},
  year    = {2002},
  doi     = {10.1109/4235.996017}
}"""

DEAP = """@article{fortin2012deap,
  title   = {{DEAP}: Evolutionary Algorithms Made Easy},
  author  = {Fortin, F\\'elix-Antoine and De Rainville, Fran\\c{c}ois-Michel and
             Gardner, Marc-Andr\\'e and Parizeau, Marc and Gagn\\'e, Christian},
  journal = {Journal of Machine Learning Research},
  volume  = {13},
  pages   = {2171--2175},
  year    = {2012}
}"""

MUJOCO = """@inproceedings{todorov2012mujoco,
  title     = {{MuJoCo}: A physics engine for model-based control},
  author    = {Todorov, Emanuel and Erez, Tom and Tassa, Yuval},
  booktitle = {IEEE/RSJ International Conference on Intelligent Robots and Systems},
  pages     = {5026--5033},
  year      = {2012},
  doi       = {10.1109/IROS.2012.6386109}
}"""

FIXED_SHARE = """@article{herbster1998tracking,
  title   = {Tracking the Best Expert},
  author  = {Herbster, Mark and Warmuth, Manfred K.},
  journal = {Machine Learning},
  volume  = {32},
  pages   = {151--178},
  year    = {1998},
  doi     = {10.1023/A:1007424614876}
}"""

HOMEOSTASIS = """@article{harnack2015stability,
  title   = {Stability of Neuronal Networks with Homeostatic Regulation},
  author  = {Harnack, Daniel and Pelko, Miha and Chaillet, Antoine and Chitour, Yacine and
             van Rossum, Mark C. W.},
  journal = {PLoS Computational Biology},
  volume  = {11},
  number  = {7},
  pages   = {e1004357},
  year    = {2015},
  doi     = {10.1371/journal.pcbi.1004357}
}"""

NEED = """@misc{man2022need,
  title         = {Need is All You Need: Homeostatic Neural Networks Adapt to Concept Shift},
  author        = {Man, Kingson and Damasio, Antonio and Neven, Hartmut},
  year          = {2022},
  eprint        = {2205.08645},
  archivePrefix = {arXiv}
}"""

HLOP = """@inproceedings{xiao2024hebbian,
  title         = {Hebbian Learning based Orthogonal Projection for Continual Learning of Spiking
                   Neural Networks},
  author        = {Xiao, Mingqing and Meng, Qingyan and Zhang, Zongpeng and He, Di and
                   Lin, Zhouchen},
  booktitle     = {International Conference on Learning Representations},
  year          = {2024},
  eprint        = {2402.11984},
  archivePrefix = {arXiv}
}"""

RAPTOR = """@misc{eschmann2025raptor,
  title         = {{RAPTOR}: A Foundation Policy for Quadrotor Control},
  author        = {Eschmann, Jonas and Albani, Dario and Loianno, Giuseppe},
  year          = {2025},
  eprint        = {2509.11481},
  archivePrefix = {arXiv}
}"""

CITATIONS: dict[str, str] = {
    "snn_control": SOFTWARE,
    "blimp": BLIMP,
    "swimmer": SWIMMER,
    "place": PLACE,
    "seqslam": SEQSLAM,
    "cma-es": CMA_ES,
    "nsga-ii": NSGA_II,
    "deap": DEAP,
    "mujoco": MUJOCO,
    "fixed-share": FIXED_SHARE,
    "homeostasis": HOMEOSTASIS,
    "need": NEED,
    "hlop": HLOP,
    "raptor": RAPTOR,
}


def bibtex(name: str, version: str) -> str:
    """Return the entry `name`; `version` is inserted into the entry of this software."""
    return CITATIONS[name].replace("VERSION", version)
